create extension if not exists pg_trgm with schema public;

create table products (
  id text primary key,
  name text not null,
  description text,
  picture text,
  price_currency_code text not null,
  price_units bigint not null,
  price_nanos int not null,
  categories text,
  searchable tsvector not null generated always as (
    setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('english', replace(coalesce(categories, ''), ',', ' ')), 'B')
    || setweight(to_tsvector('english', coalesce(description, '')), 'C')
  ) stored
);

create index on products using gin (searchable);

insert into products (id, name, description, picture, price_currency_code, price_units, price_nanos, categories) values
('OLJCESPC7Z', 'National Park Foundation Explorascope',
 'A first telescope for the campsite and the balcony. The 60 mm refractor shows the craters of the Moon, the rings of Saturn and the moons of Jupiter, and stands on a tabletop tripod that a child can set up alone. Two eyepieces, a red-dot finder and a laminated map of the bright constellations come with it.',
 'NationalParkFoundationExplorascope.jpg', 'USD', 101, 960000000, 'telescopes'),
('66VCHSJNUP', 'Starsense Explorer Refractor Telescope',
 'Put your phone in the dock, point the tube anywhere, and the app reads the star field to tell you which way to push. Arrows lead to several thousand objects worth seeing tonight from where you stand. The 80 mm achromatic refractor needs no motors, no alignment and no knowledge of the sky.',
 'StarsenseExplorer.jpg', 'USD', 349, 950000000, 'telescopes'),
('1YMWWN1N4O', 'Eclipsmart Travel Refractor Telescope',
 'Look straight at the Sun, safely. A full-aperture solar filter to ISO 12312-2 is built in and cannot come off, so sunspots and the whole of an eclipse can be watched at 18 times magnification. Tube, mount and tripod fit into the padded backpack that comes with it and weigh less than two kilograms.',
 'EclipsmartTravelRefractorTelescope.jpg', 'USD', 129, 950000000, 'telescopes,travel'),
('L9ECAV7KIM', 'Lens Cleaning Kit',
 'Dust is the enemy of contrast, and a shirt sleeve is the enemy of coatings. This kit cleans eyepieces, objectives, camera sensors'' windows and spectacles without a scratch: a soft brush, a carbon-tipped lens pen, an ammonia-free fluid and two washed microfibre cloths in a tin.',
 'LensCleaningKit.jpg', 'USD', 21, 950000000, 'accessories'),
('2ZYFJ3GM2N', 'Roof Binoculars',
 'Bright, light and at home in the rain. Extra-low-dispersion glass takes the colour fringes off the Moon''s edge, phase-coated roof prisms keep the view crisp to the rim, and the nitrogen-filled body never fogs up. At 10 by 42 they show the Andromeda galaxy from a dark garden and a kingfisher from across the river.',
 'RoofBinoculars.jpg', 'USD', 209, 950000000, 'binoculars'),
('0PUK6V6EV0', 'Solar System Color Imager',
 'A planetary camera that fits where the eyepiece goes. Its small, quiet sensor records up to 200 frames a second over USB 3, so that software can keep the moments in which the air stood still. Jupiter''s bands, the Cassini division and lunar rilles come out on the first evening, in colour.',
 'SolarSystemColorImager.jpg', 'USD', 175, 0, 'accessories,telescopes'),
('LS4PSXUNUM', 'Red Flashlight',
 'Your eyes need half an hour to get used to the dark and half a second to forget it. The deep red light of this torch lets you read a chart and find a dropped screw without starting over. It dims to almost nothing, warms cold hands, and charges a phone or a dew heater in a pinch.',
 'RedFlashlight.jpg', 'USD', 57, 80000000, 'accessories,flashlights'),
('9SIQT8TOJO', 'Optical Tube Assembly',
 'For those who photograph what cannot be seen. An 11-inch astrograph with a four-element corrector in front of the prime focus gathers as much light at f/2.2 in five minutes as a classical design does in an hour, with round stars across a full-frame sensor. Dew-proof, vented, and collimated by hand before it leaves the workshop.',
 'OpticalTubeAssembly.jpg', 'USD', 3599, 0, 'accessories,telescopes,assembly'),
('6E92ZMYYFZ', 'Solar Filter',
 'Turns an 8-inch telescope into a solar observatory. The cell closes around the front of the tube with three nylon screws, and the metal-coated film passes a hundred-thousandth of the light: the Sun appears in a calm, natural white, with sunspots, faculae and granulation. Check it for pinholes, then look up at noon.',
 'SolarFilter.jpg', 'USD', 69, 950000000, 'accessories,telescopes'),
('HQTGWGPNH4', 'The Comet Book',
 'In the sixteenth century a comet was news, omen and spectacle at once. This facsimile of a Flemish manuscript collects them in glowing watercolours: bearded, tailed and sword-shaped stars above burning towns and astonished villagers. With a foreword on what its painter may really have seen.',
 'TheCometBook.jpg', 'USD', 0, 990000000, 'books');
