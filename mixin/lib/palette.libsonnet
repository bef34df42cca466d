// Colours after Okabe and Ito: told apart with every common form of colour
// blindness, on light and on dark ground. A state is always told by its text,
// too; the colour only helps to find it.
{
  green: '#009E73',
  sky: '#56B4E9',
  blue: '#0072B2',
  yellow: '#F0E442',
  orange: '#E69F00',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#999999',

  // What a colour means on every dashboard.
  good: self.green,
  calm: self.sky,
  busy: self.blue,
  warn: self.orange,
  bad: self.vermillion,
  person: self.purple,
  unknown: self.grey,
}
